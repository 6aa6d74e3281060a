// A SPIRE server key manager plugin on SPIRE's own plugin SDK, for the interop tests. Like SPIRE's disk key manager it keeps its keys in a
// JSON file; without `keys_path` they live in memory. `wrong_key` makes it sign with another key than it shows.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/hcl"
	"github.com/spiffe/spire-plugin-sdk/pluginmain"
	keymanagerv1 "github.com/spiffe/spire-plugin-sdk/proto/spire/plugin/server/keymanager/v1"
	configv1 "github.com/spiffe/spire-plugin-sdk/proto/spire/service/common/config/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type configuration struct {
	KeysPath string `hcl:"keys_path"`
	WrongKey bool   `hcl:"wrong_key"`
}

// storedKey is a key as the file has it; PKCS8 is base64 in JSON.
type storedKey struct {
	Type  keymanagerv1.KeyType `json:"type"`
	PKCS8 []byte               `json:"pkcs8"`
}

type heldKey struct {
	stored storedKey
	signer crypto.Signer
	shown  *keymanagerv1.PublicKey
}

type plugin struct {
	keymanagerv1.UnimplementedKeyManagerServer
	configv1.UnimplementedConfigServer

	logger hclog.Logger
	mutex  sync.Mutex
	config *configuration
	keys   map[string]*heldKey
}

func (p *plugin) SetLogger(logger hclog.Logger) { p.logger = logger }

func (p *plugin) Configure(_ context.Context, request *configv1.ConfigureRequest) (*configv1.ConfigureResponse, error) {
	config := new(configuration)
	if err := hcl.Decode(config, request.HclConfiguration); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "malformed configuration: %v", err)
	}
	if request.GetCoreConfiguration().GetTrustDomain() == "" {
		return nil, status.Error(codes.InvalidArgument, "no trust domain")
	}
	keys, err := readKeys(config.KeysPath)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "reading the keys: %v", err)
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.config, p.keys = config, keys
	p.logger.Warn("Configured", "trust_domain", request.CoreConfiguration.TrustDomain, "keys", len(keys))
	fmt.Println("printed by the plugin")
	return &configv1.ConfigureResponse{}, nil
}

func (p *plugin) GenerateKey(_ context.Context, request *keymanagerv1.GenerateKeyRequest) (*keymanagerv1.GenerateKeyResponse, error) {
	if request.KeyId == "" {
		return nil, status.Error(codes.InvalidArgument, "no key id")
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.config == nil {
		return nil, status.Error(codes.FailedPrecondition, "not configured")
	}
	key, err := generate(request.KeyId, request.KeyType)
	if err != nil {
		return nil, err
	}
	before, replaced := p.keys[request.KeyId]
	p.keys[request.KeyId] = key
	if err := writeKeys(p.config.KeysPath, p.keys); err != nil {
		delete(p.keys, request.KeyId)
		if replaced {
			p.keys[request.KeyId] = before
		}
		return nil, status.Errorf(codes.Internal, "writing the keys: %v", err)
	}
	return &keymanagerv1.GenerateKeyResponse{PublicKey: key.shown}, nil
}

func (p *plugin) GetPublicKey(_ context.Context, request *keymanagerv1.GetPublicKeyRequest) (*keymanagerv1.GetPublicKeyResponse, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	key, ok := p.keys[request.KeyId]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "no key %q", request.KeyId)
	}
	return &keymanagerv1.GetPublicKeyResponse{PublicKey: key.shown}, nil
}

func (p *plugin) GetPublicKeys(context.Context, *keymanagerv1.GetPublicKeysRequest) (*keymanagerv1.GetPublicKeysResponse, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	response := new(keymanagerv1.GetPublicKeysResponse)
	for _, key := range p.keys {
		response.PublicKeys = append(response.PublicKeys, key.shown)
	}
	return response, nil
}

func (p *plugin) SignData(_ context.Context, request *keymanagerv1.SignDataRequest) (*keymanagerv1.SignDataResponse, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	key, ok := p.keys[request.KeyId]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "no key %q", request.KeyId)
	}
	var options crypto.SignerOpts
	switch given := request.SignerOpts.(type) {
	case *keymanagerv1.SignDataRequest_HashAlgorithm:
		options = crypto.Hash(given.HashAlgorithm)
	case *keymanagerv1.SignDataRequest_PssOptions:
		options = &rsa.PSSOptions{SaltLength: int(given.PssOptions.SaltLength), Hash: crypto.Hash(given.PssOptions.HashAlgorithm)}
	default:
		return nil, status.Error(codes.InvalidArgument, "no signer options")
	}
	if options.HashFunc().Size() != len(request.Data) {
		return nil, status.Error(codes.InvalidArgument, "the data is no digest of that hash function")
	}
	signer := key.signer
	if p.config.WrongKey {
		other, err := generate(request.KeyId, key.stored.Type)
		if err != nil {
			return nil, err
		}
		signer = other.signer
	}
	signature, err := signer.Sign(rand.Reader, request.Data, options)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "signing: %v", err)
	}
	return &keymanagerv1.SignDataResponse{Signature: signature, KeyFingerprint: key.shown.Fingerprint}, nil
}

func generate(id string, keyType keymanagerv1.KeyType) (*heldKey, error) {
	var private any
	var err error
	switch keyType {
	case keymanagerv1.KeyType_EC_P256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case keymanagerv1.KeyType_EC_P384:
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case keymanagerv1.KeyType_RSA_2048:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		return nil, status.Errorf(codes.InvalidArgument, "no key type %s", keyType)
	}
	if err != nil {
		return nil, status.Errorf(codes.Internal, "generating: %v", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "encoding: %v", err)
	}
	return hold(id, storedKey{Type: keyType, PKCS8: pkcs8})
}

func hold(id string, stored storedKey) (*heldKey, error) {
	private, err := x509.ParsePKCS8PrivateKey(stored.PKCS8)
	if err != nil {
		return nil, err
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, errors.New("a key that cannot sign")
	}
	pkix, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(pkix)
	shown := &keymanagerv1.PublicKey{Id: id, Type: stored.Type, PkixData: pkix, Fingerprint: hex.EncodeToString(digest[:])}
	return &heldKey{stored: stored, signer: signer, shown: shown}, nil
}

func readKeys(path string) (map[string]*heldKey, error) {
	keys := make(map[string]*heldKey)
	if path == "" {
		return keys, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return keys, nil
	}
	if err != nil {
		return nil, err
	}
	stored := make(map[string]storedKey)
	if err := json.Unmarshal(data, &stored); err != nil {
		return nil, err
	}
	for id, one := range stored {
		if keys[id], err = hold(id, one); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func writeKeys(path string, keys map[string]*heldKey) error {
	if path == "" {
		return nil
	}
	stored := make(map[string]storedKey)
	for id, key := range keys {
		stored[id] = key.stored
	}
	data, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func main() {
	p := new(plugin)
	pluginmain.Serve(keymanagerv1.KeyManagerPluginServer(p), configv1.ConfigServiceServer(p))
}
