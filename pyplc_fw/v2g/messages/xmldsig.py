"""XML Signature, as the header of a V2G message carries it. Source: W3C XML Signature Syntax.

Wildcards and mixed text of the schema are kept out of the classes: they only widen event codes.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from msgspec.structs import force_setattr

from pyplc_fw.v2g.messages.schema import (
    BASE64,
    Attribute,
    Binary,
    Choice,
    ComplexType,
    Content,
    Item,
    Occurs,
    Schema,
    Sequence,
    Wildcard,
    XsInteger,
    xs_anyURI,
    xs_base64Binary,
    xs_ID,
    xs_integer,
    xs_string,
)

NAMESPACE: Final = "http://www.w3.org/2000/09/xmldsig#"

CryptoBinary: TypeAlias = Annotated[bytes, Binary(BASE64)]
DigestValueType: TypeAlias = Annotated[bytes, Binary(BASE64)]
HMACOutputLengthType: TypeAlias = xs_integer

IdAttribute: TypeAlias = Annotated[xs_ID | None, Attribute()]
UriAttribute: TypeAlias = Annotated[xs_anyURI, Attribute()]
OptionalUriAttribute: TypeAlias = Annotated[xs_anyURI | None, Attribute()]


class _Type(ComplexType):
    """A type of this schema."""

    namespace = NAMESPACE


class _Choosable(_Type, tag=True):
    """An element that is one alternative of a repeated choice."""


# --- SignedInfo ------------------------------------------------------------------------------
class CanonicalizationMethod(_Type):
    """How SignedInfo is turned into octets."""

    mixed = True
    content_model = Sequence((Wildcard(),))

    Algorithm: UriAttribute


class SignatureMethod(_Type):
    """How SignedInfo is signed."""

    mixed = True
    content_model = Sequence((Item("HMACOutputLength", 0), Wildcard()))

    Algorithm: UriAttribute
    HMACOutputLength: HMACOutputLengthType | None = None

    def __post_init__(self) -> None:
        if type(self.HMACOutputLength) is int:
            force_setattr(self, "HMACOutputLength", XsInteger(self.HMACOutputLength))


class Transform(_Type):
    """One step that a signed element goes through."""

    mixed = True
    content_model = Choice((Wildcard(1, 1), Item("XPath")), 0, None)

    Algorithm: UriAttribute
    XPath: Annotated[tuple[xs_string, ...], Occurs(0)] = ()


class Transforms(_Type):
    """The steps in order."""

    Transform: Annotated[tuple[Transform, ...], Occurs(1)]


class DigestMethod(_Type):
    """How the digest is made."""

    mixed = True
    content_model = Sequence((Wildcard(),))

    Algorithm: UriAttribute


class Reference(_Type):
    """One signed element and its digest."""

    Id: IdAttribute = None
    Type: OptionalUriAttribute = None
    URI: OptionalUriAttribute = None
    Transforms: Transforms | None = None
    DigestMethod: DigestMethod
    DigestValue: DigestValueType


class SignedInfo(_Type, tag=True):
    """What the signature covers."""

    Id: IdAttribute = None
    CanonicalizationMethod: CanonicalizationMethod
    SignatureMethod: SignatureMethod
    Reference: Annotated[tuple[Reference, ...], Occurs(1)]


class SignatureValue(_Type):
    """The signature's octets."""

    Id: IdAttribute = None
    value: Annotated[xs_base64Binary, Content()]


# --- KeyInfo ---------------------------------------------------------------------------------
class KeyName(_Choosable):
    """A key's name."""

    value: Annotated[xs_string, Content()]


class MgmtData(_Choosable):
    """Obsolete in-band key data."""

    value: Annotated[xs_string, Content()]


class DSAKeyValue(_Choosable):
    """A DSA public key."""

    content_model = Sequence(
        (
            Sequence((Item("P"), Item("Q")), 0),
            Item("G", 0),
            Item("Y"),
            Item("J", 0),
            Sequence((Item("Seed"), Item("PgenCounter")), 0),
        )
    )

    P: CryptoBinary | None = None
    Q: CryptoBinary | None = None
    G: CryptoBinary | None = None
    Y: CryptoBinary
    J: CryptoBinary | None = None
    Seed: CryptoBinary | None = None
    PgenCounter: CryptoBinary | None = None


class RSAKeyValue(_Choosable):
    """An RSA public key."""

    Modulus: CryptoBinary
    Exponent: CryptoBinary


class KeyValue(_Choosable):
    """A public key: one of the two."""

    mixed = True
    content_model = Choice((Item("DSAKeyValue"), Item("RSAKeyValue"), Wildcard(1, 1)))

    DSAKeyValue: DSAKeyValue | None = None
    RSAKeyValue: RSAKeyValue | None = None


class RetrievalMethod(_Choosable):
    """Where the key is found."""

    Type: OptionalUriAttribute = None
    URI: OptionalUriAttribute = None
    Transforms: Transforms | None = None


class X509IssuerSerial(_Choosable):
    """A certificate by its issuer and serial number."""

    X509IssuerName: xs_string
    X509SerialNumber: xs_integer

    def __post_init__(self) -> None:
        if type(self.X509SerialNumber) is int:
            force_setattr(self, "X509SerialNumber", XsInteger(self.X509SerialNumber))


class X509SKI(_Choosable):
    """A certificate by its subject key identifier."""

    value: Annotated[xs_base64Binary, Content()]


class X509SubjectName(_Choosable):
    """A certificate by its subject."""

    value: Annotated[xs_string, Content()]


class X509Certificate(_Choosable):
    """A certificate itself."""

    value: Annotated[xs_base64Binary, Content()]


class X509CRL(_Choosable):
    """A certificate revocation list."""

    value: Annotated[xs_base64Binary, Content()]


class X509Data(_Choosable):
    """Certificates, by any of five means, in any order."""

    content_model = Choice((Item("content"), Wildcard(1, 1)), 1, None)

    content: Annotated[
        tuple[X509IssuerSerial | X509SKI | X509SubjectName | X509Certificate | X509CRL, ...],
        Occurs(1),
    ]


class PGPData(_Choosable):
    """A PGP key: its id, its packet, or both."""

    content_model = Choice(
        (
            Sequence((Item("PGPKeyID"), Item("PGPKeyPacket", 0), Wildcard())),
            Sequence((Item("PGPKeyPacket"), Wildcard())),
        )
    )

    PGPKeyID: xs_base64Binary | None = None
    PGPKeyPacket: xs_base64Binary | None = None


class SPKIData(_Choosable):
    """SPKI key data."""

    content_model = Sequence((Item("SPKISexp"), Wildcard(0, 1)), 1, None)

    SPKISexp: Annotated[tuple[xs_base64Binary, ...], Occurs(1)]


class KeyInfo(_Type):
    """The key to verify with, by any means, in any order."""

    mixed = True
    content_model = Choice((Item("content"), Wildcard(1, 1)), 1, None)

    Id: IdAttribute = None
    content: Annotated[
        tuple[KeyName | KeyValue | RetrievalMethod | X509Data | PGPData | SPKIData | MgmtData, ...],
        Occurs(1),
    ]


# --- Signature -------------------------------------------------------------------------------
class Object(_Type):
    """Anything else; its content is refused."""

    mixed = True
    content_model = Sequence((Wildcard(),))

    Encoding: OptionalUriAttribute = None
    Id: IdAttribute = None
    MimeType: Annotated[xs_string | None, Attribute()] = None


class Signature(_Type):
    """The signature in a message's header."""

    Id: IdAttribute = None
    SignedInfo: SignedInfo
    SignatureValue: SignatureValue
    KeyInfo: KeyInfo | None = None
    Object: Annotated[tuple[Object, ...], Occurs(0)] = ()


class Manifest(_Type):
    """A list of references; a global element that no message uses."""

    Id: IdAttribute = None
    Reference: Annotated[tuple[Reference, ...], Occurs(1)]


class SignatureProperty(_Type):
    """A statement about the signature; a global element that no message uses."""

    mixed = True
    content_model = Choice((Wildcard(1, 1),), 1, None)

    Id: IdAttribute = None
    Target: UriAttribute


class SignatureProperties(_Type):
    """A list of statements; a global element that no message uses."""

    Id: IdAttribute = None
    SignatureProperty: Annotated[tuple[SignatureProperty, ...], Occurs(1)]


ELEMENTS: Final = (
    CanonicalizationMethod,
    DSAKeyValue,
    DigestMethod,
    KeyInfo,
    KeyName,
    KeyValue,
    Manifest,
    MgmtData,
    Object,
    PGPData,
    RSAKeyValue,
    Reference,
    RetrievalMethod,
    SPKIData,
    Signature,
    SignatureMethod,
    SignatureProperties,
    SignatureProperty,
    SignatureValue,
    SignedInfo,
    Transform,
    Transforms,
    X509Data,
)
"The global elements of complex type, which every importing schema has too."
SIMPLE_ELEMENTS: Final = (("DigestValue", NAMESPACE),)

SCHEMA: Final = Schema(
    name="xmldsig",
    elements=ELEMENTS,
    simple_elements=SIMPLE_ELEMENTS,
    fragments=(SignedInfo,),
)
