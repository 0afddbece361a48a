import { useSlowPath } from './shop.ts'

// What holds on the fast path, which serves all that is plain, holds where node:http reads everything.
useSlowPath()
await import('./failures.test.ts')
await import('./forwarding.test.ts')
await import('./cutover.test.ts')
await import('./wire/both-paths.test.ts')
