import axios from 'axios'
import { addTokens } from '../src/axios.js'
import { describeGlue } from './glue.js'

describeGlue('the axios interceptor', (tokens) => {
  const instance = axios.create({ validateStatus: (status) => status < 400 })
  addTokens(instance, tokens)
  return async (url, { body, authorization } = {}) => {
    const headers = authorization ? { authorization } : {}
    const call = instance.request<string>({
      url,
      method: body ? 'post' : 'get',
      data: body,
      headers,
      responseType: 'text',
    })
    const response = await call.catch((error: unknown) => {
      if (axios.isAxiosError<string>(error) && error.response) return error.response
      throw error
    })
    return { status: response.status, text: response.data }
  }
})
