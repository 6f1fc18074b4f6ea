/** A user's credentials for a registry: a name with a password, or a token that stands for an earlier login. */
export type Credential = { username: string; password: string } | { identityToken: string };

/** Finds the credentials for a repository: the registry's domain (`docker.io`) and the path. */
export interface CredentialSource {
  find(repository: { domain: string; path: string }): Promise<Credential | undefined>;
}
