/**
 * Standard Schema, version 1 (https://standardschema.dev): what zod, valibot, arktype and others have in
 * common. Functions take any of them beside the shapes of `v`; functions/validation.ts runs them.
 */

export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** For the type checker alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

type Types<S extends StandardSchema> = NonNullable<S['~standard']['types']>;
export type StandardInput<S extends StandardSchema> = Types<S>['input'];
export type StandardOutput<S extends StandardSchema> = Types<S>['output'];

/** A schema may be an object or a function (arktype). */
export function isStandardSchema(value: unknown): value is StandardSchema {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') && '~standard' in value
  );
}
