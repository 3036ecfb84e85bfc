//! Keys and certificates of one control plane, made fresh and written into its folder.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};

use super::ControlPlaneError;

/// Locates the files that prove who is who.
pub(super) struct Credentials {
    folder: PathBuf,
}

// === impl Credentials ===

impl Credentials {
    /// Makes an authority, a serving certificate for loopback, an administrator and the key that
    /// signs service account tokens.
    pub(super) fn write(folder: &Path) -> Result<Self, ControlPlaneError> {
        let credentials = Self {
            folder: folder.to_owned(),
        };
        let key = KeyPair::generate()?;
        let mut authority = CertificateParams::default();
        authority.distinguished_name = named("control-plane-authority", None);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        write(&credentials.authority(), &authority.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(authority, key);

        let mut serving = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
        serving.distinguished_name = named("kube-apiserver", None);
        serving.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        issue(
            &issuer,
            &serving,
            &credentials.serving_certificate(),
            &credentials.serving_key(),
        )?;

        let mut administrator = CertificateParams::default();
        administrator.distinguished_name = named("administrator", Some("system:masters"));
        administrator.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        issue(
            &issuer,
            &administrator,
            &credentials.client_certificate(),
            &credentials.client_key(),
        )?;

        let tokens = KeyPair::generate()?;
        write(&credentials.service_account_key(), &tokens.serialize_pem())?;
        write(
            &credentials.service_account_public_key(),
            &tokens.public_key_pem(),
        )?;
        Ok(credentials)
    }

    /// Writes the administrator's kubeconfig for a server on this loopback port.
    pub(super) fn write_kubeconfig(&self, port: u16) -> Result<PathBuf, ControlPlaneError> {
        let path = self.folder.join("kubeconfig");
        // JSON is YAML, and quotes paths safely.
        let kubeconfig = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {
                "server": format!("https://127.0.0.1:{port}"),
                "certificate-authority": self.authority(),
            }}],
            "users": [{"name": "administrator", "user": {
                "client-certificate": self.client_certificate(),
                "client-key": self.client_key(),
            }}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "administrator"}}],
            "current-context": "test",
        });
        write(&path, &kubeconfig.to_string())?;
        Ok(path)
    }

    pub(super) fn authority(&self) -> PathBuf {
        self.folder.join("authority.crt")
    }

    pub(super) fn serving_certificate(&self) -> PathBuf {
        self.folder.join("serving.crt")
    }

    pub(super) fn serving_key(&self) -> PathBuf {
        self.folder.join("serving.key")
    }

    pub(super) fn service_account_key(&self) -> PathBuf {
        self.folder.join("service-account.key")
    }

    pub(super) fn service_account_public_key(&self) -> PathBuf {
        self.folder.join("service-account.pub")
    }

    fn client_certificate(&self) -> PathBuf {
        self.folder.join("administrator.crt")
    }

    fn client_key(&self) -> PathBuf {
        self.folder.join("administrator.key")
    }
}

/// To the API server the common name is the user and the organization is the group.
fn named(common_name: &str, organization: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    if let Some(organization) = organization {
        name.push(DnType::OrganizationName, organization);
    }
    name
}

fn issue(
    issuer: &Issuer<'_, KeyPair>,
    subject: &CertificateParams,
    certificate: &Path,
    key: &Path,
) -> Result<(), ControlPlaneError> {
    let pair = KeyPair::generate()?;
    write(certificate, &subject.signed_by(&pair, issuer)?.pem())?;
    write(key, &pair.serialize_pem())
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), ControlPlaneError> {
    std::fs::write(path, text).map_err(|source| ControlPlaneError::Write {
        path: path.to_owned(),
        source,
    })
}
