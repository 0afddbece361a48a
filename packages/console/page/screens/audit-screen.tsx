import type { JSX } from 'preact'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { type AuditEntry, paths } from '../../src/api/index.ts'
import type { PageError } from '../api/page-error.ts'
import { useApp } from '../app-context.ts'
import { Badge } from '../parts/badge.tsx'
import { Problem } from '../parts/problem.tsx'
import { Verified } from '../parts/verified.tsx'
import { useTitle } from '../parts/use-title.ts'

const pageSize = 100

/** Who asked for what: every command, every refusal, every sign-in. */
export function AuditScreen(): JSX.Element {
  const { entries, error, more, complete } = useAudit()
  const [text, setText] = useState('')
  useTitle('Audit log')
  const wanted = text.trim().toLowerCase()
  const shown = entries?.filter((entry) => words(entry).includes(wanted))
  return (
    <>
      <div class="heading">
        <h1>Audit log</h1>
        <Verified path={paths.auditVerify} />
        <label class="filter">
          <span class="unseen">Filter by actor, action, target or code</span>
          <input
            type="search"
            placeholder="Filter by actor, action, target"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      </div>
      <Problem error={error} />
      {shown?.length === 0 && (
        <p class="faint">Nothing recorded{wanted === '' ? ' yet' : ' that says this'}.</p>
      )}
      {shown && shown.length > 0 && <Table entries={shown} />}
      {!complete && entries && (
        <button type="button" onClick={more}>
          Show earlier ones
        </button>
      )}
    </>
  )
}

function Table({ entries }: { readonly entries: readonly AuditEntry[] }): JSX.Element {
  return (
    <div class="panel flush">
      <table class="audit">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Row key={entry.seq} entry={entry} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ entry }: { readonly entry: AuditEntry }): JSX.Element {
  const { at, actor, via, from, action, target, outcome, code, reason } = entry
  const when = new Date(at)
  return (
    <tr>
      <td>
        <time dateTime={when.toISOString()}>{when.toLocaleString('en-GB')}</time>
      </td>
      <td>
        {actor}{' '}
        <span class="faint">{[via, from].filter((part) => part !== undefined).join(' ')}</span>
      </td>
      <td>
        {action} {target}
        {reason !== undefined && <span class="faint block">{reason}</span>}
      </td>
      <td>
        <Badge tone={outcome === 'accepted' ? 'good' : 'bad'}>{outcome}</Badge>
        {code !== undefined && <code class="block">{code}</code>}
      </td>
    </tr>
  )
}

function words({ actor, action, target, code, reason }: AuditEntry): string {
  return [actor, action, target, code, reason].join(' ').toLowerCase()
}

interface Audit {
  readonly entries: readonly AuditEntry[] | undefined
  readonly error: PageError | undefined
  readonly more: () => void
  readonly complete: boolean
}

/** The newest first, page by page. */
function useAudit(): Audit {
  const { client } = useApp()
  const [entries, setEntries] = useState<readonly AuditEntry[]>()
  const [error, setError] = useState<PageError>()
  const [complete, setComplete] = useState(false)

  const ask = useCallback(
    async (before: number | undefined) => {
      const query = before === undefined ? '' : `&before=${before}`
      const result = await client.get<readonly AuditEntry[]>(
        `${paths.audit}?limit=${pageSize}${query}`,
      )
      if (!result.ok) return setError(result.error)
      setError(undefined)
      setComplete(result.answer.length < pageSize)
      setEntries((known = []) =>
        before === undefined ? result.answer : [...known, ...result.answer],
      )
    },
    [client],
  )
  useEffect(() => {
    void ask(undefined)
  }, [ask])
  return { entries, error, complete, more: () => void ask(entries?.at(-1)?.seq) }
}
