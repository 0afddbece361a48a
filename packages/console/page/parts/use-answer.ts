import { useCallback, useEffect, useState } from 'preact/hooks'
import type { PageError } from '../api/page-error.ts'
import { useApp } from '../app-context.ts'

export interface Answered<Answer> {
  readonly answer: Answer | undefined
  readonly error: PageError | undefined
  readonly again: () => void
}

/** Asks for `path` when the part is shown, and whenever `version` changes. The last answer stays until the next one. */
export function useAnswer<Answer>(path: string, version?: unknown): Answered<Answer> {
  const { client } = useApp()
  const [state, setState] = useState<Omit<Answered<Answer>, 'again'>>(nothing)
  const [asked, setAsked] = useState(0)

  useEffect(() => {
    let current = true
    void client.get<Answer>(path).then((result) => {
      if (!current) return
      if (result.ok) setState({ answer: result.answer, error: undefined })
      else setState(({ answer }) => ({ answer, error: result.error }))
    })
    return () => {
      current = false
    }
  }, [client, path, version, asked])

  const again = useCallback(() => setAsked((count) => count + 1), [])
  return { ...state, again }
}

const nothing = { answer: undefined, error: undefined }
