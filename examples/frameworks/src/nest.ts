import { setTimeout as sleep } from 'node:timers/promises'

import { createLifecycle } from '@changeover/lifecycle'
import { changeoverNest } from '@changeover/lifecycle/nest'
import { Body, Controller, Get, Module, Post } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'

class HelloController {
  greeted = 0

  async hello(): Promise<string> {
    return this.helloTo('world')
  }

  async helloTo(name: string): Promise<string> {
    this.greeted += 1
    await sleep(20)
    return `hello ${name}`
  }

  onModuleDestroy(): void {
    console.log('closed')
    console.log(`greeted ${this.greeted}`)
  }
}

class HelloModule {
  readonly name = 'hello'
}

// What the decorators of a Nest project do, written as calls: this workspace compiles none.
const methodOf = (name: keyof HelloController): PropertyDescriptor =>
  Object.getOwnPropertyDescriptor(HelloController.prototype, name) ?? {}
Get()(HelloController.prototype, 'hello', methodOf('hello'))
Post()(HelloController.prototype, 'helloTo', methodOf('helloTo'))
Body()(HelloController.prototype, 'helloTo', 0)
Controller()(HelloController)
Module({ controllers: [HelloController] })(HelloModule)

const lifecycle = createLifecycle({ name: 'nest', drain: { notice: '2s' } })
const app = await NestFactory.create<NestExpressApplication>(HelloModule, {
  logger: ['error', 'warn'],
})
changeoverNest(lifecycle, app)
app.useBodyParser('text')
await app.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1')
