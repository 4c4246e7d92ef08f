import { Controller, Get } from '@nestjs/common'
import { Public } from '@verifier-guard/nestjs'

/** Answers every caller, tokens unread. */
@Controller('health')
export class Health {
  @Get()
  @Public()
  state() {
    return { status: 'up' }
  }
}
