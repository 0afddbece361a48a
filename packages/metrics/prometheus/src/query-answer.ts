import { z } from 'zod'

/** What one instant query found, or why there is nothing to judge by. */
export type Found =
  | { readonly values: readonly number[]; readonly at: number | undefined }
  | { readonly reason: string }

const point = z.tuple([z.number(), z.string()])
const vector = z.object({
  resultType: z.literal('vector'),
  result: z.array(z.object({ value: point })),
})
const matrix = z.object({
  resultType: z.literal('matrix'),
  result: z.array(z.object({ values: z.array(point) })),
})
const scalar = z.object({ resultType: z.literal('scalar'), result: point })
const answerSchema = z.union([
  z.object({
    status: z.literal('success'),
    data: z.union([vector, matrix, scalar]),
    warnings: z.array(z.string()).optional(),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
])

type Data = z.infer<typeof vector> | z.infer<typeof matrix> | z.infer<typeof scalar>

/** Reads the body of an answer. A partial answer is none: what is missing could be the bad part. */
export function readAnswer(status: number, body: string): Found {
  const parsed = answerSchema.safeParse(parse(body))
  if (!parsed.success) return { reason: `HTTP ${status} without an answer of Prometheus` }
  const answer = parsed.data
  if (answer.status === 'error') return { reason: `${answer.errorType}: ${answer.error}` }
  if (status !== 200) return { reason: `HTTP ${status}` }
  const [warning] = answer.warnings ?? []
  if (warning !== undefined) return { reason: `the answer may be partial: ${warning}` }
  const points = pointsOf(answer.data)
  const values = points.map(([, value]) => Number(value))
  const odd = points.find((_, i) => !Number.isFinite(values[i]))
  if (odd) return { reason: `a value is ${odd[1]}` }
  return { values, at: points[0]?.[0] }
}

function pointsOf(data: Data): readonly (readonly [number, string])[] {
  switch (data.resultType) {
    case 'scalar':
      return [data.result]
    case 'vector':
      return data.result.map(({ value }) => value)
    case 'matrix':
      return data.result.flatMap(({ values }) => values)
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
