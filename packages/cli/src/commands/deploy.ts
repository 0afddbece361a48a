import { randomUUID } from 'node:crypto'
import {
  type DeployRequest,
  paths,
  type PlanView,
  type RolloutSummaryView,
} from '@changeover/console/api'
import { commandError } from '../client/command-error.ts'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { visibleLines } from '../view/style.ts'
import { followToEnd } from './follow.ts'
import type { Shell } from './shell.ts'

/** Starts a rollout, and follows it to its end. */
export async function runDeploy(shell: Shell): Promise<ExitCode> {
  const service = shell.options.argument(0)
  const body = { ...requestOf(shell), id: randomUUID() }
  const patient = isPatient(shell)
  if (patient)
    shell.terminal.err('A rollout under way goes back first, as long as its requests take.')
  const rollout = await shell
    .client()
    .post<RolloutSummaryView>(paths.deploy(service), body, { patient })
  if (shell.options.flag('wait', true)) {
    if (!shell.isJson)
      shell.terminal.err(`Rollout ${rollout.id}. Ctrl-C detaches; the rollout goes on.`)
    return followToEnd(shell, rollout.id)
  }
  if (shell.isJson) shell.json('rollout', { rollout, detached: true })
  else shell.terminal.out(rollout.id)
  return EXIT.ok
}

/** The agent answers when what is superseded has gone back, which a drain alone may keep up longer than the usual wait. */
function isPatient({ options }: Shell): boolean {
  return options.flag('supersede') && options.text('timeout') === undefined
}

/** Prints exactly what a deploy would do, and does nothing. */
export async function runPlan(shell: Shell): Promise<ExitCode> {
  const service = shell.options.argument(0)
  const { plan, text } = await shell.client().post<PlanView>(paths.plan(service), requestOf(shell))
  if (shell.isJson) shell.json('plan', { plan, text })
  else shell.terminal.out(visibleLines(text.trimEnd(), shell.terminal.style))
  return EXIT.ok
}

function requestOf({ options, command }: Shell): Omit<DeployRequest, 'id'> {
  const set = setOf(options.list('set'), command)
  const release = options.text('release')
  const reason = options.text('reason')
  return {
    version: options.argument(1),
    ...(release === undefined ? {} : { release }),
    ...(reason === undefined ? {} : { reason }),
    ...(Object.keys(set).length === 0 ? {} : { set }),
    ...(options.flag('supersede') ? { supersede: true } : {}),
    ...givenUpOf(options.list('giveUpRollbackTo')),
  }
}

function givenUpOf(releases: readonly string[]): Pick<DeployRequest, 'giveUpRollbackTo'> {
  if (releases.length === 0) return {}
  return { giveUpRollbackTo: releases.includes('all') ? 'all' : releases }
}

function setOf(pairs: readonly string[], command: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)] as const
      const problem = `Option --set takes name=value, not ${JSON.stringify(pair)}`
      throw commandError('CHANGEOVER_USAGE', { problem, command })
    }),
  )
}
