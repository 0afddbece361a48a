import assert from 'node:assert/strict'

/** Asserts that `work` is refused with `code`, and gives what the error knows. */
export async function refused(
  code: string,
  work: Promise<unknown>,
): Promise<Readonly<Record<string, unknown>>> {
  const [result] = await Promise.allSettled([work])
  assert.ok(result.status === 'rejected', `should have been refused with ${code}`)
  return assertRefusal(code, result.reason)
}

/** Asserts that `reason` is a refusal with `code`, and gives what it knows. */
export function assertRefusal(code: string, reason: unknown): Readonly<Record<string, unknown>> {
  assert.ok(reason instanceof Error, 'a refusal is an Error')
  assert.equal('code' in reason ? reason.code : reason.message, code)
  return 'details' in reason && isRecord(reason.details) ? reason.details : {}
}

/** Asserts that `work` is rejected with `reason` itself, not with an error made of it. */
export async function rejectedWith(reason: unknown, work: Promise<unknown>): Promise<void> {
  const [result] = await Promise.allSettled([work])
  assert.ok(result.status === 'rejected', "should have been rejected with the signal's reason")
  assert.equal(result.reason, reason, "it is the signal's own reason")
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
