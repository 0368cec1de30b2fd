/** The text of a policy, as the app writes it; policy/access.ts parses and decides. Absent means denied. [P1] */
export interface PolicySpec {
  readonly entity: string;
  readonly allowRead?: string;
  readonly allowInsert?: string;
  readonly allowUpdate?: string;
  readonly allowDelete?: string;
}

export function policy(spec: PolicySpec): PolicySpec {
  return spec;
}
