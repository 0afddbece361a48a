import { refuse } from '@changeover/engine'

/** Longer ones would not fit into a notification together with another one. */
const LONGEST_NAME = 400

/**
 * The name of a service or a rollout, if the database can hold it.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 */
export function checkName(field: string, name: string): string {
  if (name !== '' && name.length <= LONGEST_NAME && !name.includes('\0')) return name
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field,
    value: name.slice(0, LONGEST_NAME),
    problem: 'PostgreSQL could not keep it',
    remedy: `Use 1 to ${LONGEST_NAME} characters, none of them NUL.`,
  })
}
