/* The answer to a refusal that no error handler of the application answers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fieldsByName, isRefusal } from '@verifier-guard/core/support'

/** An Express application, 4 or 5, as far as this package touches it. */
export interface Application {
  /** The application that it is mounted in. */
  readonly parent?: Application
  use(handler: ErrorHandler): unknown
}

type ErrorHandler = (
  error: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void

const prepared = new WeakSet<Application>()

/**
 * Express' own last resort answers in HTML; callers of an API expect JSON. Which of an
 * application's error handlers answers is not known beforehand, but all of them come before one
 * that is added at the time of the first refusal.
 */
export function addLastErrorHandler(application: Application | undefined): void {
  if (application === undefined) return
  if (application.parent !== undefined) return addLastErrorHandler(application.parent)
  if (prepared.has(application)) return
  prepared.add(application)
  application.use(answerUnanswered)
}

// Four parameters, all named: that is how Express knows an error handler.
function answerUnanswered(
  error: unknown,
  _req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) {
  if (!isRefusal(error) || res.headersSent) return next(error)
  const headers = {
    ...fieldsByName(error.headers),
    'Content-Type': 'application/json; charset=utf-8',
  }
  res.writeHead(error.status, headers).end(JSON.stringify(error))
}
