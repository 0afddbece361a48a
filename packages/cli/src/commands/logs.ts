import { paths } from '@changeover/console/api'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import type { Shell } from './shell.ts'

/** The last lines that an instance printed. They are the application's own: they are printed as they are to pipes. */
export async function runLogs(shell: Shell): Promise<ExitCode> {
  const { options, terminal } = shell
  const [service, instance] = [options.argument(0), options.argument(1)]
  const lines = options.count('lines', 200)
  const path = `${paths.logs(service, instance)}?lines=${lines}`
  const text = await shell.client().text(path)
  const body = text.replace(/\n$/, '')
  if (shell.isJson)
    shell.json('logs', { service, instance, lines: body === '' ? [] : body.split('\n') })
  else if (body !== '') terminal.out(terminal.isLive ? tame(body) : body)
  return EXIT.ok
}

/** On a terminal colours and tabs stay, and nothing else that terminals obey: a log must not be able to type for its reader. */
function tame(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character, at: number) => {
    if (character === '\n' || character === '\t') return character
    const isColour = character === '\u001B' && /^\[[\d;]*m/.test(text.slice(at + 1, at + 20))
    return isColour ? character : '?'
  })
}
