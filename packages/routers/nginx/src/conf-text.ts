import { createHash } from 'node:crypto'

/** The first twelve hexadecimal digits of a text's SHA-256: a name for it that any configuration can hold. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** By default nginx hashes no name of a variable longer than 46 characters, and what is made of a service's name adds up to 28. */
const LONGEST_NAME = 18

/** The name of a service, or for a long one its beginning and a hash. */
export function briefName(service: string): string {
  if (service.length <= LONGEST_NAME) return service
  return `${service.slice(0, 5)}_${shortHash(service)}`
}

/** The name from which a service's variables, upstreams and shared memory are named. */
export function variableName(service: string): string {
  return `changeover_${briefName(service).replaceAll('-', '_')}`
}

/**
 * The upstream of a release. nginx ignores case in names of upstreams, and releases may hold any text, so the name is made
 * from a hash of it.
 */
export function upstreamName(service: string, release: string): string {
  return `${variableName(service)}_${shortHash(release)}`
}

/** A regular expression, for use in double quotes, that matches exactly this text: every byte that could mean more is escaped. */
export function literal(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const char = String.fromCodePoint(byte)
      return /[0-9A-Za-z]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
}

/** Headers that nginx can see: by default it drops those with any other character in their name. */
export const HEADER_NAME: RegExp = /^[0-9A-Za-z-]{1,100}$/

/** The variable in which nginx has a header. */
export function headerVariable(header: string): string {
  return `$http_${header.toLowerCase().replaceAll('-', '_')}`
}
