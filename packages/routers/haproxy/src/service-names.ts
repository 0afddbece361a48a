import { encodeName } from './name-code.ts'

/** Names of a service's parts in HAProxy. */
export interface ServiceNames {
  readonly proxy: string
  /** The variable that holds the table. */
  readonly variable: string
  /** The variable that tells which configuration is loaded. */
  readonly shapeVariable: string
  readonly counts: string
  readonly turns: string
}

/** How a service's parts are called in HAProxy. */
export function namesOf(service: string): ServiceNames {
  const proxy = `changeover_${encodeName(service)}`
  const variable = `proc.${proxy}`
  return {
    proxy,
    variable,
    shapeVariable: `${variable}..shape`,
    counts: `${proxy}..counts`,
    turns: `${proxy}..turns`,
  }
}

/** The backend of a slot, such as `changeover_shop..1`. Encoded names have no two dots in a row. */
export function slotName(service: string, slot: number): string {
  return `${namesOf(service).proxy}..${slot}`
}
