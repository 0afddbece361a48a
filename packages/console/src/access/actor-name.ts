/**
 * What people and programs are called in journals: 1 to 64 characters that need no escaping anywhere, so that a name
 * on a terminal, in a header or in a log is that name and nothing else.
 */
const ACTOR_NAME = /^[A-Za-z0-9_][\w.@+-]{0,63}$/

export function isActorName(text: string): boolean {
  return ACTOR_NAME.test(text)
}

/** Whether two names mean the same one: nobody gets a second pair of eyes by a capital letter. */
export function sameActor(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
