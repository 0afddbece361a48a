import { expect, it } from 'vitest'
import { agentSecrets } from '../../src/agent/agent-secrets.ts'

it.each([
  ['postgres://ann:p%40ss-word@db/shop', ['p%40ss-word', 'p@ss-word']],
  ['postgres://ann:100%sure-of-it@db/shop', ['100%sure-of-it']],
  ['no address at all', []],
])('Of %s nothing is shown, neither the whole nor its password', (value, passwords) => {
  const secrets = agentSecrets({ DATABASE_URL: value })
  expect(secrets.read('DATABASE_URL', 'store.postgres.connection')).toBe(value)
  for (const secret of [value, ...passwords])
    expect(secrets.mask(`connect ${secret} failed`)).toBe('connect [hidden] failed')
})
