import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { type MigrationReportView, paths, type ReleaseView } from '../../src/api/index.ts'
import type { Tone } from '../state/status.ts'
import { Badge } from './badge.tsx'
import { Problem } from './problem.tsx'
import { useAnswer } from './use-answer.ts'

export interface MigrationsProps {
  readonly service: string
  readonly releases: readonly ReleaseView[]
}

/** What a release's schema changes do, and where the way back ends. */
export function Migrations({ service, releases }: MigrationsProps): JSX.Element | null {
  const [chosen, setChosen] = useState<string>()
  const release = chosen ?? releases[0]?.id
  if (release === undefined) return null
  return (
    <section class="panel" aria-labelledby="migrations">
      <div class="panel-head">
        <h2 id="migrations">Schema changes</h2>
        <label>
          of{' '}
          <select value={release} onChange={(event) => setChosen(event.currentTarget.value)}>
            {releases.map(({ id }) => (
              <option key={id} value={id}>
                {id}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Report key={release} service={service} release={release} />
    </section>
  )
}

const tones: Readonly<Record<MigrationReportView['verdict'], Tone>> = {
  safe: 'good',
  unsafe: 'bad',
  unknown: 'warn',
}

function Report({
  service,
  release,
}: {
  readonly service: string
  readonly release: string
}): JSX.Element {
  const { answer, error } = useAnswer<MigrationReportView>(paths.migrations(service, release))
  if (error?.status === 404) return <p class="faint">No schema changes are known of {release}.</p>
  if (error) return <Problem error={error} />
  if (!answer) return <p class="faint">Asking…</p>
  return (
    <>
      <p>
        <Badge tone={tones[answer.verdict]}>{answer.verdict}</Badge>
      </p>
      <p class={answer.pointOfNoReturn === undefined ? 'faint' : 'no-return'}>
        {answer.pointOfNoReturn === undefined
          ? 'No point of no return: the release before runs after every step.'
          : `Point of no return: ${answer.pointOfNoReturn}`}
      </p>
      <ul class="findings">
        {answer.findings.map((finding) => (
          <li key={`${finding.rule} ${finding.place}`}>
            <p>
              <code>{finding.rule}</code>{' '}
              <span class="faint">
                {finding.phase}, {finding.place}
              </span>
            </p>
            <p>{finding.message}</p>
            <p class="faint">Instead: {finding.fix}</p>
          </li>
        ))}
      </ul>
    </>
  )
}
