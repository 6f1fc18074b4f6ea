/** What a user has for a registry: a name with a password, or a token that stands for an earlier login. */
export type Credential = { username: string; password: string } | { identityToken: string };

/** Where the client asks for the credentials of a repository: the registry's domain (`docker.io`) and the path. */
export interface CredentialSource {
  find(repository: { domain: string; path: string }): Promise<Credential | undefined>;
}
