import { expect, test } from 'vitest'
import { importPeer } from '../../src/oracles/peers.ts'

const failing = (code: string) => () => Promise.reject(Object.assign(new Error('no'), { code }))

test('says which package is missing, and how to install it', async () => {
  await expect(
    importPeer('pg', 'postgresOracle', failing('ERR_MODULE_NOT_FOUND')),
  ).rejects.toMatchObject({
    code: 'CHANGEOVER_MIGRATIONS_PEER_MISSING',
    message: expect.stringMatching(/postgresOracle.*npm install --save-dev pg/s) as string,
  })
})

test('lets every other mistake of a package through as it is', async () => {
  await expect(importPeer('pg', 'postgresOracle', failing('ERR_OTHER'))).rejects.toMatchObject({
    code: 'ERR_OTHER',
  })
})
