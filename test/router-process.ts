import { nodeRouterProcess } from '@changeover/router-node'
import type { RoutedFront } from './routers/router-under-test.ts'

/** A router that outlives the engines. */
export type RouterProcess = RoutedFront & AsyncDisposable

/** Starts a router for `shop` that engines find in `directory`. */
export async function startRouter(directory: string): Promise<RouterProcess> {
  const options = { directory, listeners: { shop: { port: 0 } } }
  const router = nodeRouterProcess(options)
  const { shop = '' } = await router.listen()
  return {
    url: shop,
    adapter: { package: '@changeover/router-node', factory: 'nodeRouterProcess', options },
    async [Symbol.asyncDispose]() {
      await router.shutdown()
      await router.close()
    },
  }
}
