import type { RouterMode } from '@changeover/router-nginx'
import { routerConformance } from '@changeover/testing'
import { describe, test } from 'vitest'
import { findNginx, nginxUnderTest } from '../../../../test/routers/nginx.ts'

const MODES: readonly RouterMode[] = ['lua', 'reload', 'file']

/** What mode `file` has from the very directives that mode `reload` has; `CONFORMANCE=all` asks it all the same. */
const AS_IN_RELOAD =
  /hold anything|read in two ways|by the letter|without measure|no host|connection stays|somewhere else|100 Continue|status 103|trailers|answers without a body|comes in chunks|answered in their order|HTTP\/1\.0|its half|WebSocket is opened|to a reader that waits|just closed|breaks off|has gone is given up|breaks every request off/

type Register = (name: string, run: () => Promise<void>) => void

// Mostly they wait, for nginx to reload.
const concurrent: Register = test.concurrent

function asked(mode: RouterMode): Register {
  const all = mode !== 'file' || process.env['CONFORMANCE'] === 'all'
  return (name, run) => (all || !AS_IN_RELOAD.test(name) ? concurrent(name, run) : undefined)
}

describe('nginx', async () => {
  const programs = await findNginx()
  for (const mode of MODES)
    describe.skipIf(!programs)(`in mode ${mode}`, () => {
      if (!programs) return
      routerConformance({
        test: asked(mode),
        create: async () => {
          const subject = await nginxUnderTest({ mode, programs })
          return mode === 'lua' ? subject : { ...subject, cutovers: 4 }
        },
      })
    })
})
