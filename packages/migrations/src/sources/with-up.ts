import type { CaptureStage } from './capture-migrations.ts'

/** Goes up by this; all else is as it was, whether it is a module, a plain object or the instance of a class. */
export function withUp<Step extends object>(
  migration: Step,
  stage: CaptureStage,
  id: string,
  file?: string,
): Step {
  const up: unknown = Reflect.get(migration, 'up')
  const captured = (...given: readonly unknown[]): Promise<unknown> => {
    if (typeof up !== 'function') throw new TypeError(`The migration ${id} has no function 'up'.`)
    return stage.capture(
      id,
      async (): Promise<unknown> => Reflect.apply(up, migration, given),
      file,
    )
  }
  return Object.create(migration, { up: { value: captured, enumerable: true } })
}
