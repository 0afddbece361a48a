import { type AgentView, paths } from '@changeover/console/api'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { shortSpan } from '../view/amounts.ts'
import { marked, visible } from '../view/style.ts'
import type { Shell } from './shell.ts'

/** Has the agent read its config anew. Where the new one is refused, the old one stays in force. */
export async function runReload(shell: Shell): Promise<ExitCode> {
  const agent = await shell.client().post<AgentView>(paths.reload, {})
  if (shell.isJson) shell.json('agent', { agent })
  else shell.terminal.out(`The config is in force: ${agent.services.join(', ') || 'no service'}.`)
  return EXIT.ok
}

/** Where the page is, and how to come in. Opens nothing. */
export async function runConsole(shell: Shell): Promise<ExitCode> {
  const { terminal, env } = shell
  const client = shell.client()
  const agent = await client.get<AgentView>(paths.agent)
  const url = agent.url ?? shell.options.text('url') ?? env['CHANGEOVER_URL']
  const how =
    url === undefined
      ? 'The page is not served: give the config http: { port: 4400 }, then "changeover reload".'
      : 'Sign in with a token: changeover token create NAME --role operator'
  if (shell.isJson) shell.json('console', { url: url ?? null, how })
  else terminal.out([...(url === undefined ? [] : [url]), how, ...about(shell, agent)].join('\n'))
  return EXIT.ok
}

function about({ now, terminal: { style } }: Shell, agent: AgentView): string[] {
  const { version, pid, startedAt, state, configProblem } = agent
  const line = `Agent ${version}, ${state} for ${shortSpan(now() - startedAt)}, process ${pid}.`
  const problem =
    configProblem === undefined ? [] : [marked('warning', visible(configProblem, style), style)]
  return [line, ...problem]
}
