// expected: TS2345
import { Powers } from '@verifier-guard/nestjs'

export const Decorated = Powers({ function: 'ProductOffering', action: 'Create' })
