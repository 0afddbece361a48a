import { ChangeoverError, type Clock, withFileLock } from '@changeover/engine'
import { consoleError } from '../console-error.ts'
import { type AuditLimits, type AuditWriter, openAuditWriter } from './audit-writer.ts'

/** Takes the log up to write it when there is something to write, and not before: reading needs no pen. */
export interface AuditPen {
  /** The writer, which from the first time on keeps other processes away. */
  takeUp(): Promise<AuditWriter>
  putDown(): Promise<void>
}

export function createAuditPen(path: string, limits: AuditLimits, clock: Clock): AuditPen {
  let held: { readonly writer: AuditWriter; readonly release: () => Promise<void> } | undefined
  return {
    async takeUp() {
      if (held !== undefined) return held.writer
      const release = await holdLock(path, clock)
      try {
        held = { writer: await openAuditWriter(path, limits), release }
        return held.writer
      } catch (error) {
        await release()
        throw error
      }
    },
    async putDown() {
      const last = held
      held = undefined
      await last?.writer.close()
      await last?.release()
    },
  }
}

/** Holds the lock of the log until the function that it resolves to is called. */
async function holdLock(path: string, clock: Clock): Promise<() => Promise<void>> {
  let letGo: (() => void) | undefined
  const gone = new Promise<void>((resolve) => {
    letGo = resolve
  })
  let ended: Promise<void> = Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    const hold = (): Promise<void> => {
      resolve()
      return gone
    }
    ended = withFileLock(`${path}.lock`, hold, { clock, waitMs: 0 })
    ended.catch((error: unknown) => reject(lockError(path, error)))
  })
  return () => {
    letGo?.()
    return ended
  }
}

function lockError(path: string, error: unknown): unknown {
  if (!(error instanceof ChangeoverError) || error.code !== 'CHANGEOVER_STORE_LOCKED') return error
  return consoleError('CHANGEOVER_CONSOLE_AUDIT_OWNED', { path, pid: Number(error.details['pid']) })
}
