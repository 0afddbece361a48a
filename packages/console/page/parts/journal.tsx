import type { Entry } from '@changeover/engine'
import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { paths } from '../../src/api/index.ts'
import {
  filterJournal,
  type JournalKind,
  type JournalLine,
  journalKinds,
} from '../state/journal-line.ts'
import { countText } from '../state/share-text.ts'
import { At } from './time.tsx'
import { Verified } from './verified.tsx'

export interface JournalProps {
  readonly id: string
  readonly entries: readonly Entry[]
  readonly ended: boolean
}

/** As many lines as are drawn at once. */
const pageSize = 100

/** Everything that happened, the newest first: who, what, and whether the record is whole. */
export function Journal({ id, entries, ended }: JournalProps): JSX.Element {
  const [kind, setKind] = useState<JournalKind>()
  const [text, setText] = useState('')
  const [shown, setShown] = useState(pageSize)
  const lines = useMemo(() => filterJournal(entries, { kind, text }), [entries, kind, text])
  return (
    <section class="panel" aria-labelledby="journal">
      <div class="panel-head">
        <h2 id="journal">Journal</h2>
        <Verified path={paths.verify(id)} version={ended} />
      </div>
      <div class="filters">
        <label>
          Show{' '}
          <select
            value={kind ?? ''}
            onChange={(event) =>
              setKind(journalKinds.find((one) => one === event.currentTarget.value))
            }
          >
            <option value="">everything</option>
            {journalKinds.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <label class="filter">
          <span class="unseen">Filter the journal</span>
          <input
            type="search"
            placeholder="Filter by text or person"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <span class="faint">
          {countText(lines.length, 'entr').replace(
            /entrs?$/,
            lines.length === 1 ? 'entry' : 'entries',
          )}
        </span>
      </div>
      <ol class="journal">
        {lines.slice(0, shown).map(({ entry, line }) => (
          <Line key={entry.seq} entry={entry} line={line} />
        ))}
      </ol>
      {lines.length > shown && (
        <button type="button" onClick={() => setShown(shown + pageSize)}>
          Show {Math.min(pageSize, lines.length - shown)} more
        </button>
      )}
    </section>
  )
}

function Line({ entry, line }: { readonly entry: Entry; readonly line: JournalLine }): JSX.Element {
  return (
    <li class={line.tone}>
      <span class="number seq">{entry.seq}</span>
      <At at={entry.at} />
      <span class="journal-text">
        {line.text}
        {line.who !== undefined && <b> by {line.who}</b>}
      </span>
      <code title={`hash ${entry.hash}`}>{entry.hash.slice(0, 8)}</code>
    </li>
  )
}
