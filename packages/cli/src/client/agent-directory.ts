import { resolve } from 'node:path'

/**
 * Where the agent of this machine keeps everything.
 *
 * @default `/var/lib/changeover` for root, `.changeover` in the working directory for everyone else
 */
export function agentDirectory(
  wish: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  isRoot: boolean,
): string {
  const named = wish ?? env['CHANGEOVER_DIRECTORY']
  return resolve(named || (isRoot ? '/var/lib/changeover' : '.changeover'))
}
