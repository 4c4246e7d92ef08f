// Looks at one tarball with publint and attw, and prints what they find as JSON.
import { readFileSync } from 'node:fs'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const file = readFileSync(process.argv[2])
const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength)
const { messages, pkg } = await publint({ pack: { tarball: bytes }, strict: true })
// A command has nothing to import.
const { problems } =
  pkg.bin !== undefined
    ? { problems: [] }
    : await checkPackage(createPackageFromTarballData(new Uint8Array(file)))
const found = [
  ...messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`),
  ...problems.map(
    ({ kind, entrypoint, resolutionKind }) =>
      `attw: ${kind} ${entrypoint ?? ''} ${resolutionKind ?? ''}`,
  ),
]
console.log(JSON.stringify(found))
