import type { JSX } from 'preact'
import type { AuditVerificationView } from '../../src/api/index.ts'
import { Badge } from './badge.tsx'
import { useAnswer } from './use-answer.ts'

export interface VerifiedProps {
  /** Where the server checks the chain. */
  readonly path: string
  /** It is checked again when this changes. */
  readonly version?: unknown
}

/** Whether every link of a hash chain is whole, as the server has just checked. */
export function Verified({ path, version }: VerifiedProps): JSX.Element {
  const { answer, error, again } = useAnswer<AuditVerificationView>(path, version)
  return (
    <span class="verified" role="status">
      {error && <Badge tone="warn">{`not verified: ${error.code}`}</Badge>}
      {!error && answer?.ok && (
        <Badge tone="good">
          {`hash chain verified, ${answer.entries.toLocaleString('en')} entries`}
        </Badge>
      )}
      {!error && answer?.ok === false && (
        <Badge tone="bad">{`damaged: ${answer.problem ?? 'unknown'}`}</Badge>
      )}
      <button type="button" class="quiet" onClick={again}>
        Verify again
      </button>
    </span>
  )
}
