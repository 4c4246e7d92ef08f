// Older versions are installed under aliases; what the drivers use of them has the types of the
// newest.
declare module 'express4' {
  import express from 'express'
  export default express
}
declare module 'koa2' {
  import Koa from 'koa'
  export default Koa
}
