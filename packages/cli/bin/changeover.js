#!/usr/bin/env node
import module from 'node:module'

// Node 22 keeps what it compiled for the next command; before, there is nothing to enable.
module.enableCompileCache?.()
await import('../dist/main.js')
