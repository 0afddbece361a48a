import { createLogUpdate } from 'log-update'
import { colours, describeLoad, render, type Scene } from './view.ts'

/** Where the audience looks. */
export interface Screen {
  /** Shows the scene as it is now. */
  draw(scene: Scene): void
  /** Says what just happened. */
  say(line: string): void
  /** Leaves the last picture as it is. */
  close(): void
}

const LOAD_LINE_EVERY_MS = 2000
const MIN_COLUMNS = 76
const MIN_ROWS = 24

/** A picture that is redrawn in place on a terminal, and plain lines everywhere else. */
export function openScreen(output: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Screen {
  return isPicture(output, environment) ? pictureScreen(output) : lineScreen(output)
}

/** A terminal too small for the picture, or one that does not know its size, gets lines too. */
function isPicture(output: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR, TERM, CI } = environment
  const plain = NO_COLOR || CI || TERM === 'dumb'
  return output.isTTY && !plain && output.columns >= MIN_COLUMNS && output.rows >= MIN_ROWS
}

function pictureScreen(output: NodeJS.WriteStream): Screen {
  const update = createLogUpdate(output)
  return {
    draw: (scene) => update(render(scene, colours).join('\n')),
    say() {},
    close: () => update.done(),
  }
}

function lineScreen(output: NodeJS.WriteStream): Screen {
  let nextLoadLineMs = 0
  return {
    draw({ load, elapsedMs }) {
      if (!load || elapsedMs < nextLoadLineMs) return
      nextLoadLineMs = elapsedMs + LOAD_LINE_EVERY_MS
      output.write(`${describeLoad(load)}\n`)
    },
    say: (line) => output.write(`${line}\n`),
    close() {},
  }
}
