import type { JSX } from 'preact'
import type { PageError } from '../api/page-error.ts'

/** A refusal, with its code and what to do next. */
export function Problem({ error }: { readonly error: PageError | undefined }): JSX.Element | null {
  if (!error) return null
  return (
    <div class="problem" role="alert">
      <code>{error.code}</code>
      <p>{error.message}</p>
    </div>
  )
}
