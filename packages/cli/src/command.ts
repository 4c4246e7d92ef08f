#!/usr/bin/env node
import { maxHeaderSize } from 'node:http'
import { run } from './program.js'
import { systemRuntime } from './runtime.js'

process.exitCode = await run(process.argv.slice(2), systemRuntime(maxHeaderSize))
