"""What uploading a photo takes and gives."""

from marshmallow import fields

from models.enums import PhotoUse
from server.core.schemas import File, PublicId, Schema


class PhotoFormSchema(Schema):
    """A form with one picture. Its name and type are not asked: the picture itself is looked at."""

    photo = File(required=True, metadata={"description": "JPEG, PNG, WebP or GIF, at most 10 MB"})
    use = fields.Enum(PhotoUse, by_value=True, load_default=PhotoUse.REPORT)


class ScannedPhotoFormSchema(Schema):
    """A form with one picture of what is wrong, from somebody who scanned a code."""

    photo = File(required=True, metadata={"description": "JPEG, PNG, WebP or GIF, at most 10 MB"})


class KeptPhotoSchema(Schema):
    """A photo was kept: attach it within a day, or it is deleted."""

    id = PublicId(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
