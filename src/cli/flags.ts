/** How an input of an operation is written on the command line. */
import * as z from "zod"
import type { Operation } from "#operations/define.js"

export function kebab(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Whether an input is yes or no, and so takes no value. */
export function isFlag(operation: Operation, field: string): boolean {
  let schema = operation.input.shape[field] as unknown
  while (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) schema = schema.unwrap()
  return schema instanceof z.ZodUnion && schema.options.some((option) => option instanceof z.ZodBoolean)
}
