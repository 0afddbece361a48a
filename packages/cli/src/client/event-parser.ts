/** One server-sent event. */
export interface ServerEvent {
  readonly event: string
  readonly data: string
  /** The last id that the stream gave so far; undefined before the first. */
  readonly id: string | undefined
}

/** Reads a stream of server-sent events, in whatever pieces it arrives. */
export interface EventParser {
  /** @returns the events that are complete now */
  push(text: string): ServerEvent[]
}

/** Pure but for what it keeps of a line that is not complete yet. Follows the HTML standard, with `\n` and `\r\n` as ends of lines. */
export function createEventParser(): EventParser {
  let rest = ''
  let id: string | undefined
  let event = ''
  let data: string[] = []

  const dispatch = (): ServerEvent[] => {
    const complete =
      data.length > 0 ? [{ event: event || 'message', data: data.join('\n'), id }] : []
    event = ''
    data = []
    return complete
  }

  const take = (line: string): ServerEvent[] => {
    if (line === '') return dispatch()
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id' && !value.includes('\0')) id = value
    return []
  }

  return {
    push: (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      return lines.flatMap((line) => take(line.endsWith('\r') ? line.slice(0, -1) : line))
    },
  }
}
