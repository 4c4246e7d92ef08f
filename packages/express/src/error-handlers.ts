/** An Express application or router, 4 or 5, as far as its middleware can be seen. */
export interface Application {
  readonly _router?: Router
  readonly router?: Router
  readonly parent?: Application
}

interface Router {
  readonly stack?: readonly Layer[]
}

interface Layer {
  readonly handle?: Router & { readonly length: number }
  readonly route?: Router
}

/** Whether an application, or one that it is mounted in, has error handling of its own: by Express' own criterion, a middleware with four parameters. */
export function handlesErrors(application: Application | undefined): boolean {
  if (application === undefined) return false
  // Express 4 throws at the sight of `router`, and has `_router`; Express 5 has only `router`.
  return catches(application._router ?? application.router) || handlesErrors(application.parent)
}

function catches(router: Router | undefined): boolean {
  return router?.stack?.some(({ handle, route }) => handle?.length === 4 || catches(handle) || catches(route)) ?? false
}
