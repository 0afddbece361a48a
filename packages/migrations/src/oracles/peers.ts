import { refuse } from '../migration-error.ts'

/**
 * Loads an optional peer.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_PEER_MISSING` where it is not installed
 */
export async function importPeer<Peer>(
  name: string,
  caller: string,
  load: () => Promise<Peer>,
): Promise<Peer> {
  try {
    return await load()
  } catch (cause) {
    if (!isMissing(cause)) throw cause
    throw refuse('CHANGEOVER_MIGRATIONS_PEER_MISSING', { caller, package: name }, { cause })
  }
}

function isMissing(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
}
