import { NestFactory } from '@nestjs/core'
import { startDevVerifier } from '@verifier-guard/dev-verifier'
import { AppModule } from './app.module'

/** Starts the application, calls it as a machine would, and prints the answers. */
async function main(): Promise<void> {
  const verifier = await startDevVerifier()
  process.env.VERIFIER = verifier.issuer
  const app = await NestFactory.create(AppModule, { logger: ['error'] })
  await app.listen(0, '127.0.0.1')
  const powers = [{ function: 'ProductOffering', action: 'Read' }]
  const offers = async (headers: Record<string, string>) => {
    const response = await fetch(`${await app.getUrl()}/offers`, { headers })
    return { status: response.status, challenge: response.headers.get('www-authenticate') }
  }
  const answers = [
    await offers({}),
    await offers({ authorization: `Bearer ${verifier.mint({ powers })}` }),
  ]
  console.log(JSON.stringify(answers))
  await app.close()
  await verifier.close()
}

void main()
