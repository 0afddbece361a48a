import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'

/** A log that never grows beyond twice its bound: when it is full, it becomes `<path>.1`, and what was there is gone. */
export interface BoundedLog {
  /** Writes a whole line, at once, so that nothing is lost with the process. Does not throw. */
  write(line: string): void
  close(): void
}

/** Goes on with the log at `path`. */
export function boundedLog(path: string, maxBytes: number): BoundedLog {
  let file: number | undefined = openSync(path, 'a', 0o600)
  let size = fstatSync(file).size

  const turnOver = (full: number): void => {
    closeSync(full)
    file = undefined
    renameSync(path, `${path}.1`)
    file = openSync(path, 'a', 0o600)
    size = 0
  }

  return {
    write(line) {
      if (file === undefined) return
      try {
        if (size + Buffer.byteLength(line) > maxBytes) turnOver(file)
        size += writeSync(file, line)
      } catch {
        // A disk that is full must not stop the router; what it has to say is lost.
      }
    },
    close() {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}
