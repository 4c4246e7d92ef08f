/*
 * The ways in which a check of the doctor ends.
 */
import { HttpFailure, type HttpFailureReason } from '@verifier-guard/core/support'
import type { Finding } from '../output.js'

/** A finding that also says whether the Verifier was out of reach. */
export interface DoctorFinding extends Finding {
  readonly isUnreachable?: boolean
}

/** All is well. */
export function good(name: string, expected: string, found: string): DoctorFinding {
  return { name, mark: 'good', expected, found }
}

/** A fault: with this, tokens are refused or not decided on. */
export function bad(name: string, expected: string, found: string, cure: string): DoctorFinding {
  return { name, mark: 'bad', expected, found, cure }
}

/** It works, but is likely not meant. */
export function warning(
  name: string,
  expected: string,
  found: string,
  cure: string,
): DoctorFinding {
  return { name, mark: 'warning', expected, found, cure }
}

/** A request that brought no usable answer. */
export function failed(
  name: string,
  expected: string,
  error: unknown,
  cure: string,
): DoctorFinding {
  if (!(error instanceof HttpFailure)) throw error
  return { ...bad(name, expected, error.message, cure), isUnreachable: isSilence(error.reason) }
}

/** Whether a fetch failed because there was no answer. */
export function isSilence(reason: HttpFailureReason | undefined): boolean {
  return reason === 'unreachable' || reason === 'timeout'
}
