import { type AuditEntry, type AuditVerificationView, paths } from '@changeover/console/api'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { dateAndTime } from '../view/amounts.ts'
import { glyphOf, marked } from '../view/style.ts'
import { tableLines } from '../view/table.ts'
import type { Shell } from './shell.ts'

/** Who asked for what, and what was refused: the newest first. */
export async function runAudit(shell: Shell): Promise<ExitCode> {
  const { terminal, options } = shell
  const limit = options.count('limit', 50)
  const client = shell.client()
  const entries = await client.get<readonly AuditEntry[]>(`${paths.audit}?limit=${limit}`)
  const verified = options.flag('verify')
    ? await client.get<AuditVerificationView>(paths.auditVerify)
    : undefined
  if (shell.isJson) shell.json('audit', { entries, ...(verified ? { verified } : {}) })
  else terminal.out([...lines(entries, shell), ...verifiedLines(verified, shell)].join('\n'))
  return verified?.ok === false ? EXIT.unhealthy : EXIT.ok
}

function lines(entries: readonly AuditEntry[], { terminal: { style } }: Shell): string[] {
  if (entries.length === 0) return ['Nobody has asked for anything yet.']
  const rows = entries.map((one) => [
    dateAndTime(one.at),
    `${one.actor} (${one.via})`,
    one.action,
    one.target ?? '-',
    `${glyphOf(one.outcome === 'accepted' ? 'done' : 'failed', style)} ${one.outcome}`,
    [one.code, one.reason].filter((part) => part !== undefined).join(': '),
  ])
  return tableLines(['AT', 'WHO', 'WHAT', 'OF', 'OUTCOME', 'WHY'], rows, style)
}

function verifiedLines(
  verified: AuditVerificationView | undefined,
  { terminal: { style } }: Shell,
): string[] {
  if (!verified) return []
  const { ok, entries, problem } = verified
  const line = ok
    ? marked('done', `All ${entries} entries are as they were written.`, style)
    : marked('failed', `The log is damaged behind entry ${entries}: ${problem ?? 'unknown'}`, style)
  return ['', line]
}
