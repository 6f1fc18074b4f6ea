/** The platform that an image is made for (OCI image spec, image-index.md, `platform`): `linux`/`arm`/`v7`. */
export interface Platform {
  os: string;
  architecture: string;
  variant?: string | undefined;
}
