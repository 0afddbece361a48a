import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { paths, type PlanView } from '../../src/api/index.ts'
import type { Result } from '../api/page-error.ts'
import { useApp } from '../app-context.ts'

/** Asks the engine what a rollback of the service would do now. Changes nothing. */
export function useRollbackPlan(
  service: string,
  to: string | undefined,
): Result<PlanView> | undefined {
  const { client } = useApp()
  const [plan, setPlan] = useState<Result<PlanView>>()
  useEffect(() => {
    const body = to === undefined ? {} : { to }
    void client.post<PlanView>(paths.rollbackPlan(service), body).then(setPlan)
  }, [client, service, to])
  return plan
}

/** The engine's own plan of the way back, for whoever wants to read it first. */
export function PlannedWayBack({
  plan,
}: {
  readonly plan: Result<PlanView> | undefined
}): JSX.Element | null {
  if (plan === undefined) return <p class="faint">Asking the engine for its plan…</p>
  if (!plan.ok) return null
  return (
    <>
      {plan.answer.plan.warnings.map((warning) => (
        <p key={warning} class="no-return">
          {warning}
        </p>
      ))}
      <details>
        <summary>The plan, step by step</summary>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keyboard */}
        <pre tabIndex={0}>{plan.answer.text}</pre>
      </details>
    </>
  )
}
