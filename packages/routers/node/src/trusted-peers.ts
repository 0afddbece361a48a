import { BlockList, isIP } from 'node:net'

/** Whether what a peer says about its own client counts. */
export type TrustedPeers = (address: string) => boolean

/** A list of addresses and networks such as `10.0.0.0/8`; undefined where one of them is neither. */
export function trustedPeers(entries: readonly string[]): TrustedPeers | undefined {
  if (entries.length === 0) return () => false
  const list = new BlockList()
  if (!entries.every((entry) => add(list, entry))) return undefined
  return (address) => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }
}

function add(list: BlockList, entry: string): boolean {
  const [, address = '', , bits] = /^([^/]+)(\/(\d{1,3}))?$/.exec(entry) ?? []
  const family = isIP(address)
  const widest = family === 6 ? 128 : 32
  const prefix = bits === undefined ? widest : Number(bits)
  if (family === 0 || prefix > widest) return false
  list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4')
  return true
}
