import { setTimeout as sleep } from 'node:timers/promises'

import { createLifecycle } from '@changeover/lifecycle'
import { changeoverNest } from '@changeover/lifecycle/nest'
import { Controller, Get, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'

class HelloController {
  async hello(): Promise<string> {
    await sleep(20)
    return 'hello'
  }

  onModuleDestroy(): void {
    console.log('closed')
  }
}

class HelloModule {
  readonly name = 'hello'
}

// What the decorators of a Nest project do, written as calls: this workspace compiles none.
const method = Object.getOwnPropertyDescriptor(HelloController.prototype, 'hello') ?? {}
Get()(HelloController.prototype, 'hello', method)
Controller()(HelloController)
Module({ controllers: [HelloController] })(HelloModule)

const lifecycle = createLifecycle({ name: 'nest', drain: { notice: '2s' } })
const app = await NestFactory.create(HelloModule, { logger: ['error', 'warn'] })
changeoverNest(lifecycle, app)
await app.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1')
