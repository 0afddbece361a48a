import { describe, expect, it } from 'vitest'
import type { Actor } from '../../src/access/access.ts'
import { assertMay, type Concern, type Terms } from '../../src/access/policy.ts'
import { type Action, ROLE_FOR, ROLES, requireRole } from '../../src/access/roles.ts'
import type { Role } from '../../src/api/index.ts'
import { ConsoleError } from '../../src/console-error.ts'

const ok = 'ok'
const role = 'CHANGEOVER_CONSOLE_ROLE'
const eyes = 'CHANGEOVER_CONSOLE_FOUR_EYES'
const nobody = 'CHANGEOVER_CONSOLE_UNAUTHENTICATED'

const actions = Object.keys(ROLE_FOR) as Action[]
const idle: Concern = { by: 'olga', gates: [] }
const gate = {
  gate: 'go',
  kind: 'approve',
  open: true,
  quorum: 1,
  approvals: [],
  notRequester: false,
}
const at = (changes: object, by: string | undefined = 'olga'): Concern => ({
  by,
  gates: [{ ...gate, ...changes } as Concern['gates'][number]],
})

describe('Each role', () => {
  it.each<[Role, Action[]]>([
    ['viewer', ['read']],
    ['approver', ['read', 'approve']],
    ['operator', actions],
  ])('%s may do what the table says, and nothing else', (role, may) => {
    const allowed = actions.filter((action) => told(actor(role, 'vera'), action, idle) === ok)
    expect(allowed.toSorted()).toEqual(may.toSorted())
  })

  it('may do all that the roles below it may', () => {
    const counts = ROLES.map((role) => actions.filter((one) => told(actor(role, 'v'), one) === ok))
    for (const [index, some] of counts.slice(0, -1).entries())
      expect(counts[index + 1]).toEqual(expect.arrayContaining(some))
  })

  it('is nothing to somebody who did not say who they are', () => {
    expect(actions.map((action) => told(undefined, action, idle))).toEqual(
      actions.map(() => nobody),
    )
    expect(() => requireRole(undefined, 'viewer', 'look')).toThrow(
      expect.objectContaining({ code: nobody, status: 401 }),
    )
  })

  it('is told in the refusal, with the one that it would take', () => {
    expect(() => requireRole(actor('viewer', 'vera'), 'operator', 'deploy')).toThrow(
      /^"deploy" was refused for "vera", whose role is viewer\. It needs the role operator\. /,
    )
  })
})

describe('Rejecting, which is giving up at an approval', () => {
  it.each<[string, Role, Concern, string]>([
    ['an approver may while it waits for one', 'approver', at({}), ok],
    ['an approver may not at a closed gate', 'approver', at({ open: false }), role],
    ['an approver may not while a judge looks', 'approver', at({ kind: 'judge' }), role],
    ['an approver may not while a hook runs', 'approver', at({ kind: 'hook' }), role],
    ['an approver may not where there is no gate', 'approver', idle, role],
    ['a viewer may not', 'viewer', at({}), role],
    ['an operator may, gate or not', 'operator', idle, ok],
    ['the requester may: nothing gets through by it', 'operator', at({}, 'vera'), ok],
  ])('%s', (_, role, about, expected) => {
    expect(told(actor(role, 'vera'), 'abort', about, { fourEyes: true })).toBe(expected)
  })
})

describe('Four eyes', () => {
  const asked = (changes: object): Concern => at(changes, 'vera')
  it.each<[string, Action, Concern, Terms, string]>([
    ['keep the requester from approving', 'approve', asked({}), { fourEyes: true }, eyes],
    ['keep the requester from promoting', 'promote', asked({}), { fourEyes: true }, eyes],
    ['let the requester approve where not agreed on', 'approve', asked({}), {}, ok],
    ['let the requester pause', 'pause', asked({}), { fourEyes: true }, ok],
    ['let the requester roll back', 'rollback', asked({}), { fourEyes: true }, ok],
    ['let somebody else approve', 'approve', at({}), { fourEyes: true }, ok],
    ['know a requester by another spelling', 'approve', at({}, 'VERA'), { fourEyes: true }, eyes],
    ['ask nothing where nobody asked', 'approve', at({}, ''), { fourEyes: true }, ok],
    ['hold at a gate of their own', 'approve', asked({ notRequester: true }), {}, eyes],
    [
      'hold at the gate that is named',
      'approve',
      asked({ notRequester: true }),
      { gate: 'go' },
      eyes,
    ],
    [
      'do not hold at another gate than the one that is named',
      'approve',
      asked({ notRequester: true }),
      { gate: 'other' },
      ok,
    ],
    [
      'are not led around by promoting past a gate to come',
      'promote',
      asked({ notRequester: true, open: false }),
      {},
      eyes,
    ],
    [
      'were two already at a gate that has its approvals',
      'promote',
      asked({ notRequester: true, approvals: ['olga'] }),
      {},
      ok,
    ],
  ])('%s', (_, action, about, terms, expected) => {
    expect(told(actor('operator', 'vera'), action, about, terms)).toBe(expected)
  })

  it('do not make up for a role that is missing', () => {
    expect(told(actor('viewer', 'vera'), 'promote', at({}), { fourEyes: true })).toBe(role)
  })
})

function actor(role: Role, name: string): Actor {
  return { name, role, via: 'token', csrf: undefined, from: '127.0.0.1' }
}

function told(who: Actor | undefined, action: Action, about?: Concern, terms?: Terms): string {
  try {
    return assertMay(who, action, about, terms) === who ? ok : 'somebody else'
  } catch (error) {
    return error instanceof ConsoleError ? error.code : String(error)
  }
}
